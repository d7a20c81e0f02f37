/** `inbox.js` is made by `npm run build`: what the inbox on every device shares. */
export * from "../../scripts/inbox";
