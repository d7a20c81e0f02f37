// docs/examples/yjs-page in a real browser, as two people use it. Prints what was seen as one JSON line.
// Usage: node page.mjs BROWSER HUB TOKEN
import { context } from 'esbuild'
import { chromium } from 'playwright-core'

const [browserPath, hub, token] = process.argv.slice(2)
const page = new URL('../../../docs/examples/yjs-page/', import.meta.url).pathname
const bundle = await context({
  absWorkingDir: page,
  entryPoints: ['main.js'],
  nodePaths: [new URL('node_modules', import.meta.url).pathname],
  bundle: true,
  format: 'esm',
  outfile: 'main.bundle.js',
  write: false
})
const { port } = await bundle.serve({ servedir: page, host: '127.0.0.1', port: 0 })
const browser = await chromium.launch({
  executablePath: browserPath,
  args: [
    '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'
  ]
})
const errors = []

async function open (name, given) {
  const tab = await (await browser.newContext()).newPage()
  tab.setDefaultTimeout(15_000)
  tab.on('pageerror', error => errors.push(error.message))
  await tab.goto(`http://localhost:${port}/?${new URLSearchParams({ hub, doc: 'plan', name, token: given })}`)
  return tab
}

const note = tab => tab.inputValue('#note')
const people = tab => tab.locator('#here li').allTextContents()
const shows = (tab, text) => tab.waitForFunction(part => document.querySelector('#note').value.includes(part), text)
const sees = (tab, number) => tab.waitForFunction(n => document.querySelectorAll('#here li').length === n, number)

try {
  const [ann, bob] = [await open('安', token), await open('Bob', token)]
  for (const tab of [ann, bob]) await tab.waitForSelector('#note:enabled')
  await ann.fill('#note', '买牛奶🥛\nend')
  await shows(bob, 'end')
  await ann.locator('#note').evaluate(area => area.setSelectionRange(3, 3)) // behind 奶
  await bob.locator('#note').evaluate(area => { area.focus(); area.setSelectionRange(0, 0) })
  await bob.keyboard.type('1. ')
  await shows(ann, '1. 买')
  await ann.focus('#note')
  await ann.keyboard.type('粉')
  await shows(bob, '粉')
  await bob.locator('#note').evaluate(area => area.setSelectionRange(7, 9)) // 🥛
  await bob.keyboard.type('🍼')
  await shows(ann, '🍼')
  await sees(ann, 2)
  const together = { notes: [await note(ann), await note(bob)], people: await people(ann) }
  await bob.context().close()
  await sees(ann, 1)
  const stranger = await open('?', 'no-token')
  await stranger.waitForSelector('#help:not([hidden])')
  const refused = await stranger.textContent('#help')
  console.log(JSON.stringify({ ...together, left: await people(ann), refused, errors }))
} finally {
  await browser.close()
  await bundle.dispose()
}
