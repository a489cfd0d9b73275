import { request, element } from "./vendor-9wUkB85x.js";

// What a part of the page needs besides its own script.
const needs = ["assets/tasks-gxIdHFu4.css"];

// style loads a style sheet once.
function style(path) {
  const href = new URL(`../${path}`, import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return;
  document.head.append(element("link", { rel: "stylesheet", href }));
}

const root = document.getElementById("root");
const plans = element("p", { id: "plans" });

request("/Billing/plans").then((page) => {
  plans.textContent = `${(page.items ?? []).length} plans`;
});

const { show } = await import("./login-EP5R_69S.js");
show(root, async (session) => {
  needs.forEach(style);
  const tasks = await import("./tasks-OLKA3gJk.js");
  await tasks.show(root, session);
});
root.append(plans);
