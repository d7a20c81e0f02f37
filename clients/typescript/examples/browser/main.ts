import { type Connection, connect, type Item } from "@tongbu/client/browser";

// http://localhost:5173/#url=http://127.0.0.1:8787&token=…
const given = new URLSearchParams(location.hash.slice(1));
history.replaceState(null, "", location.pathname);

const hub = connect({
  url: given.get("url") ?? location.origin,
  token: given.get("token") ?? "",
  deviceName: "Example",
});
const inbox = hub.inbox();

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

function row(item: Item): HTMLElement {
  const shown = document.createElement("li");
  shown.textContent = item.task ? `${item.title}: ${item.task.status} ` : `${item.title} `;
  shown.style.fontWeight = item.read ? "normal" : "bold";
  const button = document.createElement("button");
  button.textContent = item.read ? "Unread" : "Read";
  button.onclick = () => inbox.mark(item.id, { read: !item.read });
  shown.append(button);
  return shown;
}

function showItems(items: readonly Item[]): void {
  element("items").replaceChildren(...items.filter((item) => !item.archived).map(row));
  element("counts").textContent = `${inbox.counts.get().unread} unread`;
}

function showConnection(connection: Connection): void {
  const unsaved = hub.unsaved.get();
  const state = connection.state === "refused" ? connection.message : connection.state;
  element("connection").textContent = `${state}${unsaved ? `, ${unsaved} not saved yet` : ""}`;
}

inbox.items.subscribe(showItems);
hub.connection.subscribe(showConnection);
hub.unsaved.subscribe(() => showConnection(hub.connection.get()));
element("read-all").onclick = () => inbox.readAll();
showItems(inbox.items.get());
showConnection(hub.connection.get());
