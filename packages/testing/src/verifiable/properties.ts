/** Reads the text of a Java `.properties` file: comments, continued lines, the three separators, escapes. */
export function parseProperties(text: string): Map<string, string> {
  return new Map(logicalLines(text).map(splitLine))
}

function logicalLines(text: string): string[] {
  const lines: string[] = []
  let begun: string | undefined
  for (const natural of text.split(/\r\n|[\r\n]/)) {
    const part = natural.replace(/^[ \t\f]+/, '')
    if (begun === undefined && /^(?:[#!]|$)/.test(part)) continue
    const line = (begun ?? '') + part
    begun = isContinued(part) ? line.slice(0, -1) : undefined
    if (begun === undefined) lines.push(line)
  }
  return begun === undefined ? lines : [...lines, begun]
}

/** An even number of backslashes at the end stands for backslashes. */
function isContinued(part: string): boolean {
  const slashes = /\\*$/.exec(part)?.[0].length ?? 0
  return slashes % 2 === 1
}

function splitLine(line: string): [key: string, value: string] {
  const [, key = '', value = ''] = /^((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)$/.exec(line) ?? []
  return [unescapeText(key), unescapeText(value)]
}

const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescapeText(text: string): string {
  return text.replaceAll(/\\(?:u([\da-f]{4})|(.?))/gi, (_, code: string | undefined, character = '') =>
    code === undefined ? (CONTROLS[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
  )
}
