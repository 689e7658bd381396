import { churn } from './churn.ts'
import { drain } from './drain.ts'
import { rolling } from './rolling.ts'
import { storm } from './storm.ts'
import type { Story } from './story.ts'
import { zombie } from './zombie.ts'

export const STORIES: readonly Story[] = [churn, zombie, storm, drain, rolling]
