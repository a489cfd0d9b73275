import { request, element } from "./vendor-9wUkB85x.js";

// show puts the tasks of who has logged in into the page.
export async function show(root, session) {
  const page = await request("/Tasks", { token: session.token });
  const items = page.items ?? [];
  root.replaceChildren(
    element(
      "section",
      { id: "tasks" },
      element("h1", {}, `Tasks of ${session.user.userName}`),
      element("p", {}, `${page.totalCount ?? items.length} in all`),
      element("ul", {}, ...items.map((task) => element("li", {}, task.externalReference ? `${task.externalReference} ${task.name}` : task.name))),
    ),
  );
}
