export const entries: Readonly<Record<string, string>>;
export function bundled(
  entry: string,
  options?: {
    readonly format?: "esm" | "iife";
    readonly minify?: boolean;
    readonly without?: readonly string[];
  },
): Promise<string>;
