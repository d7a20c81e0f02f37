import { Component, type ComponentChildren, type FunctionComponent } from "preact";

type Props = Readonly<Record<string, unknown>>;

function differ(before: Props, after: Props): boolean {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].some((name) => before[name] !== after[name]);
}

/** The component, drawn again only when one of its properties is another one. */
export function memo<Given extends object>(Drawn: FunctionComponent<Given>): FunctionComponent<Given> {
  class Memo extends Component<Given> {
    override shouldComponentUpdate(next: Given): boolean {
      return differ(this.props as Props, next as Props);
    }

    override render(props: Given): ComponentChildren {
      return <Drawn {...props} />;
    }
  }
  return (props: Given) => <Memo {...props} />;
}
