import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { kafka } from '@holdfast/testing'
import { connectClients } from 'holdfast-chaos/clients'
import { GroupLog } from './group-log/group-log.ts'
import type { CommandLine } from './options.ts'
import { toJson } from './report/figures.ts'
import { drawLagChart } from './report/lag-chart.ts'
import { drawFigure } from './report/svg/figure.ts'
import { formatTable } from './report/table.ts'
import { drawRequests } from './requests/mail-request.ts'
import type { ArmResult } from './run/arm-result.ts'
import { runArm } from './run/run-arm.ts'

const PARTITIONS = 6
const REQUESTS_PER_SECOND = 20

export interface ProgramPorts {
  /** Where the logs of the members go. */
  readonly folder: string
  print(line: string): void
  log(line: string): void
}

/** Runs the arms one after another on one broker. */
export async function runProgram(line: CommandLine, { folder, print, log }: ProgramPorts): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await using cluster = await kafka({ log })
  const { brokers } = cluster
  await using clients = await connectClients(brokers)
  await using groupLog = await GroupLog.follow(brokers)
  const stage = {
    ...{ brokers, clients, groupLog, folder },
    ...{ partitions: PARTITIONS, requestsPerSecond: REQUESTS_PER_SECOND, seconds: line.seconds },
    requests: drawRequests(line.requests, line.seed),
  }
  const results: ArmResult[] = []
  for (const arm of line.arms) {
    log(`${arm.title}: ${arm.members} processes, at most ${line.seconds} s`)
    const result = await runArm(arm, stage)
    results.push(result)
    print(`${drawLagChart(result, line.requests, line.seconds)}\n`)
  }
  print(formatTable(results))
  mkdirSync(dirname(line.svgPath), { recursive: true })
  writeFileSync(line.svgPath, drawFigure(results))
  log(`figure: ${line.svgPath}; logs of the members: ${folder}`)
  if (line.json) print(toJson(results))
}
