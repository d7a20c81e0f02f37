export const entries: Readonly<Record<string, string>>;
export function bundled(entry: string, format?: "esm" | "iife"): Promise<string>;
