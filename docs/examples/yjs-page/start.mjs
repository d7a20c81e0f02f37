// Bundles main.js and serves the page on localhost, where `hub serve --dev` welcomes it.
import { context } from 'esbuild'

const bundle = await context({
  entryPoints: ['main.js'], bundle: true, format: 'esm', outfile: 'main.bundle.js', write: false
})
const { port } = await bundle.serve({ servedir: '.', host: '127.0.0.1', port: Number(process.argv[2] ?? 5173) })
console.log(`Open http://localhost:${port}/?token=TOKEN in two windows, with the token that the hub printed.
Other parameters: hub=http://127.0.0.1:8787  doc=note  name=Ann`)
