/** What belongs to one page or component and isn't drawn: `data` takes plain values alone. Made when first asked for. */
export function fieldsOf<Fields extends object>(make: () => Fields): (instance: object) => Fields {
  const kept = new WeakMap<object, Fields>();
  return (instance) => {
    const fields = kept.get(instance) ?? make();
    kept.set(instance, fields);
    return fields;
  };
}

/** In place of how to stop what has not begun. */
export function nothing(): void {}
