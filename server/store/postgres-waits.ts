import type { Queries } from './postgres-connection.ts'
import { TASK, type TaskRow, taskOf } from './postgres-rows.ts'
import { toText } from './postgres-text.ts'
import type { StoredTask } from './store.ts'

/** As `Unit.release`, for a task that waits or is waited for. */
export async function releaseWaiters(queries: Queries, task: StoredTask): Promise<StoredTask[]> {
  const values = [task.number, toText(task.partition), task.touches.map(({ record }) => toText(record))]
  // One that is withdrawn while it waits was all that kept those behind it from overtaking those before it.
  await queries.all({
    sql: `insert into layover.waits select distinct mine.blocker, theirs.waiter from layover.waits mine
 join layover.touch before on before.partition = $2 and before.record = any($3) and before.number = mine.blocker
 join layover.waits theirs on theirs.blocker = mine.waiter
 join layover.touch behind on behind.partition = before.partition and behind.record = before.record and behind.number = theirs.waiter
 where mine.waiter = $1 and (before.writes or behind.writes) on conflict do nothing`,
    values,
  })
  await queries.all({
    sql: 'delete from layover.touch where partition = $2 and record = any($3) and number = $1',
    values,
  })
  await queries.all({ sql: 'delete from layover.waits where waiter = $1', values: [task.number] })
  const freed = await queries.all<TaskRow>({
    sql: `select ${TASK} from layover.waits w join layover.task t on t.number = w.waiter where w.blocker = $1
 and not exists (select 1 from layover.waits other where other.waiter = w.waiter and other.blocker <> w.blocker) order by t.number`,
    values: [task.number],
  })
  await queries.all({ sql: 'delete from layover.waits where blocker = $1', values: [task.number] })
  return freed.map(taskOf)
}
