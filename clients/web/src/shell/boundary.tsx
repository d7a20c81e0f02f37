import { Component, type ComponentChildren } from "preact";
import { Button } from "../parts/button.tsx";
import type { Words } from "../words/en.ts";

interface BoundaryProps {
  readonly words: Words["shell"];
  /** Away from what can't be drawn; absent around the whole page. */
  readonly onLeave?: () => void;
  readonly children: ComponentChildren;
}

/** Where what is within can't be drawn this says so, rather than leaving all blank. With another `key` it is tried anew. */
export class Boundary extends Component<BoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static override getDerivedStateFromError() {
    return { failed: true };
  }

  override render({ words, onLeave, children }: BoundaryProps) {
    if (!this.state.failed) return children;
    return (
      <div class="blank" role="alert">
        <h1>{onLeave === undefined ? words.failed : words.failedItem}</h1>
        <p>{words.failedDetail}</p>
        {onLeave !== undefined && <Button onClick={onLeave}>{words.toList}</Button>}
        <Button look="primary" onClick={() => window.location.reload()}>
          {words.reload}
        </Button>
      </div>
    );
  }
}
