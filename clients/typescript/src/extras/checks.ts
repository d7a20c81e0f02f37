/** What is stated is checked here, by the hub's own rules: what it would not take is refused before it takes effect. */
import { Refusal } from "../errors.js";
import type { Extra } from "../session/extra.js";
import { checkStatement, fits } from "../state/fields.js";
import type { LedgerKind } from "../state/names.js";

/** Stating throws a `Refusal` at once where the hub would refuse. Without it, `Hub.onRefused` and `Change.saved` tell. */
export const checks: Extra = (extras) => {
  extras.check = ({ topic, item, field, value, kind }) => {
    if (kind !== undefined && !fits(field, kind))
      throw new Refusal("bad_field", `${field} is not stated here`);
    return checkStatement(topic.name.split("/")[0] as LedgerKind, [item, field, value, 0]);
  };
};
