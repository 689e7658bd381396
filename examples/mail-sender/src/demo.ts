import { type DemoOptions, parseDemoOptions, USAGE } from './demo/demo-options.ts'
import { displayOn } from './demo/display.ts'
import { interruptible } from './demo/interrupt.ts'
import { reportLine, shortcomings } from './demo/report.ts'
import { runDemo } from './demo/run-demo.ts'

const EXIT = { failed: 1, usage: 2, interrupted: 130 } as const

function optionsOrUsage(): DemoOptions | undefined {
  try {
    const options = parseDemoOptions(process.argv.slice(2))
    if (!options.help) return options
    console.log(USAGE)
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${USAGE}`)
    process.exitCode = EXIT.usage
  }
  return undefined
}

async function demo(options: DemoOptions): Promise<void> {
  let killWorkers = (): void => undefined
  const signal = interruptible(() => killWorkers())
  const display = displayOn(process.stdout)
  const onWorkers = (kill: () => void): void => {
    killWorkers = kill
  }
  try {
    const { isAtLogEnd, endedEarly, hopeless, ...report } = await runDemo(options, {
      display,
      signal,
      env: process.env,
      onWorkers,
    })
    const reasons = shortcomings(report, { isAtLogEnd, endedEarly, hopeless })
    display.say(`\n${reportLine(report)}`)
    for (const reason of reasons) display.say(`failed: ${reason}`)
    if (options.json) display.say(JSON.stringify(report))
    if (reasons.length > 0) process.exitCode = EXIT.failed
  } catch (error) {
    if (!signal.aborted) console.error(`failed: ${messageOf(error)}`)
    process.exitCode = EXIT.failed
  }
  if (signal.aborted) process.exitCode = EXIT.interrupted
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const options = optionsOrUsage()
if (options !== undefined) await demo(options)
