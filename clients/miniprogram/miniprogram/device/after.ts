/** Runs once after `delay` ms; returns how to call it off. */
export function after(delay: number, run: () => void): () => void {
  const timer = setTimeout(run, delay);
  return () => clearTimeout(timer);
}
