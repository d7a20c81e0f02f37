/** Whether the list and what is open have room beside each other; as the styles have it. */
export function isWide(): boolean {
  return window.matchMedia("(min-width: 62rem)").matches;
}
