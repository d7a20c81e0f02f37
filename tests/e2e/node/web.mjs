// Pages in a real Chromium, told what to do by JSON lines: {id, op, ...} in, {id, value} or {id, error} out. Waiting
// happens here, in Playwright, so that a test never sleeps. Usage: node web.mjs BROWSER
import { once } from 'node:events'
import { createRequire } from 'node:module'
import net from 'node:net'
import readline from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const PATIENCE = 15_000 // ms
const AXE = createRequire(import.meta.url).resolve('axe-core')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: [
    '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'
  ]
})
const profiles = new Map()
const pages = new Map()
const ways = new Map()

// What a page says against itself: its own errors, what the policy forbids, and what a console shows in red.
function listen (page, said) {
  page.on('pageerror', error => said.push(`error: ${error.stack ?? error.message}`))
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') said.push(`${message.type()}: ${message.text()}`)
  })
  page.on('dialog', dialog => { said.push(`dialog: ${dialog.message()}`); dialog.dismiss() })
}

// By role and name, by the text of a label, by text, or by CSS; `within` another one of these.
function locate (page, where) {
  const { within, role, name, label, text, css, exact = true, nth, has } = where
  const from = within === undefined ? page : locate(page, within)
  let found
  if (role !== undefined) found = from.getByRole(role, name === undefined ? {} : { name, exact })
  else if (label !== undefined) found = from.getByLabel(label, { exact })
  else if (text !== undefined) found = from.getByText(text, { exact })
  else found = from.locator(css)
  if (has !== undefined) found = found.filter({ hasText: has })
  return nth === undefined ? found : found.nth(nth)
}

const at = ({ page, where }) => locate(pages.get(page).page, where)
const pageOf = ({ page }) => pages.get(page).page

const operations = {
  async profile ({ profile, locale, dark, width, height, touch, permissions, origin, reduced = true }) {
    const context = await browser.newContext({
      locale,
      timezoneId: 'Europe/Berlin',
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: reduced ? 'reduce' : 'no-preference',
      viewport: { width, height },
      deviceScaleFactor: touch ? 2 : 1,
      hasTouch: touch,
      isMobile: touch
    })
    if (permissions !== undefined) await context.grantPermissions(permissions, { origin })
    profiles.set(profile, context)
  },
  async open ({ profile, page: name, url }) {
    const page = await profiles.get(profile).newPage()
    const said = []
    page.setDefaultTimeout(PATIENCE)
    listen(page, said)
    pages.set(name, { page, said })
    await page.goto(url, { waitUntil: 'load' })
  },
  forget: async ({ profile }) => { await profiles.get(profile).close() },
  close: async given => { await pageOf(given).close() },
  // A way to the hub that can be cut, as a network is: bytes are passed on, or nobody answers.
  async way ({ way, port }) {
    const sockets = new Set()
    const keep = socket => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
      return socket
    }
    const server = net.createServer(from => {
      const to = keep(net.connect(port, '127.0.0.1'))
      keep(from).pipe(to).pipe(from)
      from.on('close', () => to.destroy())
      to.on('close', () => from.destroy())
    })
    ways.set(way, { server, sockets, port: 0 })
    return operations.mend({ way })
  },
  async mend ({ way }) {
    const { server, port } = ways.get(way)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    ways.get(way).port = server.address().port
    return ways.get(way).port
  },
  cut ({ way }) {
    const { server, sockets } = ways.get(way)
    server.close()
    for (const socket of sockets) socket.destroy()
  },
  goto: async ({ url, ...given }) => { await pageOf(given).goto(url, { waitUntil: 'load' }) },
  reload: async given => { await pageOf(given).reload({ waitUntil: 'load' }) },
  back: async given => { await pageOf(given).goBack() },
  front: async given => { await pageOf(given).bringToFront() },
  address: given => pageOf(given).url(),
  title: given => pageOf(given).title(),

  click: async given => { await at(given).click() },
  hover: async given => { await at(given).hover() },
  focus: async given => { await at(given).focus() },
  fill: async ({ value, ...given }) => { await at(given).fill(value) },
  choose: async ({ value, ...given }) => { await at(given).selectOption(value) },
  press: async ({ keys, ...given }) => { for (const key of keys) await pageOf(given).keyboard.press(key) },
  type: async ({ value, ...given }) => { await pageOf(given).keyboard.type(value) },

  shows: async given => { await at(given).first().waitFor({ state: 'visible' }) },
  hides: async given => { await at(given).first().waitFor({ state: 'hidden' }) },
  text: given => at(given).first().innerText(),
  texts: given => at(given).allInnerTexts(),
  value: given => at(given).inputValue(),
  count: given => at(given).count(),
  attribute: ({ name, ...given }) => at(given).first().getAttribute(name),

  evaluate: ({ script, given, ...rest }) => pageOf(rest).evaluate(`(${script})(${JSON.stringify(given ?? null)})`),
  // Asked from outside: what Playwright waits by inside the page is code made of text, which the policy forbids.
  // A page that is just being loaded anew has no answer yet.
  async until ({ script, given, ...rest }) {
    const deadline = performance.now() + PATIENCE
    const unlessLeaving = error => { if (!/context was destroyed|navigat/i.test(error.message)) throw error }
    while (!await operations.evaluate({ script, given, ...rest }).catch(unlessLeaving)) {
      if (performance.now() > deadline) throw new Error(`never became true: ${script}`)
      await pause(20)
    }
  },
  // CPU seconds of the page's main thread since its first being asked, whatever else the machine does.
  async spent ({ page: name }) {
    const known = pages.get(name)
    if (known.meter === undefined) {
      known.meter = await known.page.context().newCDPSession(known.page)
      await known.meter.send('Performance.enable', { timeDomain: 'threadTicks' })
    }
    const { metrics } = await known.meter.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration').value
  },
  async manifest (given) {
    const page = pageOf(given)
    const session = await page.context().newCDPSession(page)
    const { url, data, errors } = await session.send('Page.getAppManifest')
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors')
    await session.detach()
    return { url, data, errors, installability: installabilityErrors.map(({ errorId }) => errorId) }
  },
  async axe (given) {
    const page = pageOf(given)
    const session = await page.context().newCDPSession(page)
    const { frameTree } = await session.send('Page.getFrameTree')
    // A world of its own: the page's policy allows no script but the hub's.
    const { executionContextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id })
    const run = async expression => {
      const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
        expression, contextId: executionContextId, awaitPromise: true, returnByValue: true
      })
      if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description)
      return result.value
    }
    await run(`${await source()}\n;0`)
    const found = await run(`axe.run(document, { runOnly: ${JSON.stringify(TAGS)}, resultTypes: ['violations'] })
      .then(({ violations }) => violations.map(({ id, impact, nodes }) => ({
        id, impact, nodes: nodes.map(node => node.target.join(' ') + ': ' + node.failureSummary)
      })))`)
    await session.detach()
    return found
  },
  screenshot: async ({ path, ...given }) => {
    await pageOf(given).screenshot({ path, animations: 'disabled', caret: 'hide' })
  },
  said: ({ page }) => pages.get(page).said.splice(0)
}

let axe = null
async function source () {
  const { readFile } = await import('node:fs/promises')
  axe ??= await readFile(AXE, 'utf8')
  return axe
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, op, ...given } = JSON.parse(line)
  const answer = told => process.stdout.write(JSON.stringify({ id, ...told }) + '\n')
  Promise.resolve().then(() => operations[op](given))
    .then(value => answer({ value: value ?? null }), error => answer({ error: error.stack ?? String(error) }))
}
await browser.close()
process.exit()
