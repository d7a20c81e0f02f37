// The sandbox's page in a real browser. Prints what was seen as one JSON line.
// Usage: node sandbox.mjs BROWSER URL
import { chromium } from 'playwright-core'

const [browserPath, url] = process.argv.slice(2)
const browser = await chromium.launch({
  executablePath: browserPath,
  args: [
    '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'
  ]
})
const errors = []

async function open (locale) {
  const tab = await (await browser.newContext({ locale, viewport: { width: 1100, height: 700 } })).newPage()
  tab.setDefaultTimeout(15_000)
  tab.on('pageerror', error => errors.push(error.message))
  tab.on('console', message => errors.push(message.text()))
  tab.on('dialog', dialog => { errors.push(dialog.message()); dialog.dismiss() })
  await tab.goto(url)
  return tab
}

const send = (content, msgtype = 'markdown') => fetch(`${url}/cgi-bin/webhook/send?key=sandbox-robot`, {
  method: 'POST', body: JSON.stringify({ msgtype, [msgtype]: { content } })
})
const calls = (tab, number) => tab.waitForFunction(n => document.querySelectorAll('.call').length === n, number)

try {
  const english = await open('en-GB')
  await english.waitForSelector('#empty:not([hidden])')
  const config = await english.textContent('#config')
  await send('### <font color="info">Done</font>\n> **214** checks\n[Open](https://x.example/a) [no](javascript:alert(1))')
  await send('<script>alert(1)</script><img src=x onerror=alert(1)>')
  await calls(english, 2)
  await english.click('[data-kind="45009"]')
  await english.waitForSelector('#waiting li')
  await send('late')
  await calls(english, 3)
  const chinese = await open('zh-CN')
  await calls(chinese, 3)
  const seen = await english.evaluate(() => ({
    heading: document.querySelector('.bubble .info').textContent,
    quote: document.querySelector('.bubble blockquote').innerHTML,
    links: [...document.querySelectorAll('.bubble a')].map(link => [link.href, link.rel]),
    raw: document.querySelectorAll('.bubble')[1].textContent,
    refused: document.querySelector('.refused .verdict').textContent,
    count: document.querySelector('#count').textContent,
    waiting: document.querySelectorAll('#waiting li').length
  }))
  await english.click('#clear')
  await calls(chinese, 0)
  const titles = [await english.textContent('h1'), await chinese.textContent('h1')]
  console.log(JSON.stringify({ ...seen, config, titles, errors }))
} finally {
  await browser.close()
}
