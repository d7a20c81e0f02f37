/** What is stated is checked here, by the hub's own rules: what it would not take is refused before it takes effect. */
import { Refusal } from "../errors.js";
import type { Extra } from "../session/extra.js";
import { type JsonMap, sameContent } from "../state/canonical.js";
import { checkStatement, fits } from "../state/fields.js";
import type { LedgerKind } from "../state/names.js";
import { ITEM } from "../state/weights.js";

/** Stating throws a `Refusal` at once where the hub would refuse. Without it, `Hub.onRefused` and `Change.saved` tell. */
export const checks: Extra = (extras) => {
  extras.check = ({ topic, item, field, value, kind }) => {
    if (kind !== undefined && !fits(field, kind))
      throw new Refusal("bad_field", `${field} is not stated here`);
    const checked = checkStatement(topic.name.split("/")[0] as LedgerKind, [item, field, value, 0]);
    const record = field === ITEM ? topic.registers(item).get(ITEM) : undefined;
    if (record && !sameContent(record.value as JsonMap, checked as JsonMap)) {
      throw new Refusal("exists", "another item with this id exists");
    }
    return checked;
  };
};
