// Hocuspocus on its defaults. With DATABASE, documents are kept there by its SQLite extension.
import { Server } from '@hocuspocus/server'

const { DATABASE, PORT } = process.env
const extensions = []
if (DATABASE) {
  const { SQLite } = await import('@hocuspocus/extension-sqlite')
  extensions.push(new SQLite({ database: DATABASE }))
}
await new Server({ address: '127.0.0.1', port: Number(PORT), quiet: true, extensions }).listen()
