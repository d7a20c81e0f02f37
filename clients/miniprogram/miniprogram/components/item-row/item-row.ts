import type { Row } from "../../model/row";
import { fieldsOf } from "../../screens/fields";

/** Pixels sideways from which a touch is a swipe. */
const SWIPE = 48;

interface Touch {
  readonly clientX: number;
  readonly clientY: number;
}

const fields = fieldsOf(() => ({ start: { clientX: 0, clientY: 0 } as Touch }));

/**
 * A row of a list. Events, each with `{id}`: `open`; `read`, `archive`, `snooze` from the buttons that a swipe shows; `more`
 * from the button at its end and a long press.
 */
Component({
  options: { styleIsolation: "isolated" },
  properties: {
    row: { type: Object, value: {} as Row },
    /** What the buttons are called. */
    words: {
      type: Object,
      value: { read: "", unread: "", archive: "", unarchive: "", snooze: "", more: "" },
    },
  },
  data: { swiped: false },
  methods: {
    begin({ touches }: { touches: readonly Touch[] }) {
      const [touch] = touches;
      if (touch !== undefined) fields(this).start = touch;
    },
    end({ changedTouches }: { changedTouches: readonly Touch[] }) {
      const [touch] = changedTouches;
      if (touch === undefined) return;
      const across = touch.clientX - fields(this).start.clientX;
      const along = Math.abs(touch.clientY - fields(this).start.clientY);
      if (Math.abs(across) < SWIPE || Math.abs(across) < 2 * along) return;
      if (this.data.swiped !== across < 0) this.setData({ swiped: across < 0 });
    },
    open() {
      if (this.data.swiped) this.setData({ swiped: false });
      else this.tell("open");
    },
    act({ currentTarget }: { currentTarget: { dataset: { deed: string } } }) {
      if (this.data.swiped) this.setData({ swiped: false });
      this.tell(currentTarget.dataset.deed);
    },
    more() {
      this.tell("more");
    },
    tell(name: string) {
      this.triggerEvent(name, { id: this.properties.row.id });
    },
  },
});
