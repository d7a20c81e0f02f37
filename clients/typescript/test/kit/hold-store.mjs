// Holds the lock of a store until it is killed: `node hold-store.mjs <module> <path>`.
const [module, path] = process.argv.slice(2);
const { takeLock } = await import(module);
takeLock(path);
process.stdout.write("held\n");
setInterval(() => undefined, 60_000);
