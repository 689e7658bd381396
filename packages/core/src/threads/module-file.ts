import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

const COMPILED: Readonly<Record<string, string>> = { '.ts': '.js', '.mts': '.mjs', '.cts': '.cjs' }

/**
 * The file of a module: where the TypeScript file that was named is not there, but what it compiles to is, that. So one
 * `new URL('./render.ts', import.meta.url)` holds for sources and for what is compiled from them.
 */
export function moduleFile(module: URL): URL {
  const extension = extname(module.pathname)
  const compiled = COMPILED[extension]
  if (compiled === undefined || existsSync(fileURLToPath(module))) return module
  const other = new URL(module)
  other.pathname = `${module.pathname.slice(0, -extension.length)}${compiled}`
  return existsSync(fileURLToPath(other)) ? other : module
}
