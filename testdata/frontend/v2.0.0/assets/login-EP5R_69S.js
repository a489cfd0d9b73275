import { request, element } from "./vendor-9wUkB85x.js";

// show puts the login form into the page and calls back with who has logged in.
export function show(root, loggedIn) {
  const field = (id, label, type) => element("label", { htmlFor: id }, label, element("input", { id, type, required: true }));
  const failure = element("p", { id: "failure", role: "alert" });
  const form = element(
    "form",
    { id: "login" },
    element("h1", {}, "Log in"),
    field("user-name", "User name", "text"),
    field("email", "E-mail", "email"),
    field("password", "Password", "password"),
    element("button", { id: "log-in", type: "submit" }, "Log in"),
    failure,
  );
  const value = (id) => form.querySelector(`#${id}`).value;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failure.textContent = "";
    try {
      const body = { userName: value("user-name"), email: value("email"), password: value("password") };
      loggedIn(await request("/Auth/login", { method: "POST", body }));
    } catch (error) {
      failure.textContent = error.message;
    }
  });
  root.replaceChildren(form);
}
