import { Component, type ComponentChildren } from "preact";
import { Button } from "../parts/button.tsx";
import type { Words } from "../words/en.ts";

interface BoundaryProps {
  readonly words: Words["shell"];
  readonly children: ComponentChildren;
}

/** Where the page itself fails it says so, rather than going blank. */
export class Boundary extends Component<BoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static override getDerivedStateFromError() {
    return { failed: true };
  }

  override render({ words, children }: BoundaryProps) {
    if (!this.state.failed) return children;
    return (
      <div class="blank" role="alert">
        <h1>{words.failed}</h1>
        <p>{words.failedDetail}</p>
        <Button look="primary" onClick={() => window.location.reload()}>
          {words.reload}
        </Button>
      </div>
    );
  }
}
