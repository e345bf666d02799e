import type Database from 'better-sqlite3'

/** More texts than ours: filters of scopes have as many forms as clients think of. */
const KEPT = 300

/** Prepares each statement once per connection: preparing costs more than most of our reads. The least used ones go. */
export class SqliteStatements {
  readonly #database: Database.Database
  readonly #prepared = new Map<string, Database.Statement<unknown[]>>()

  constructor(database: Database.Database) {
    this.#database = database
  }

  run(sql: string, ...values: readonly unknown[]): Database.RunResult {
    return this.#statement(sql).run(...values)
  }

  one<Row>(sql: string, ...values: readonly unknown[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined
  }

  all<Row>(sql: string, ...values: readonly unknown[]): Row[] {
    return this.#statement(sql).all(...values) as Row[]
  }

  /** Rows as arrays: cheaper than objects where there are thousands. */
  rows<Row extends readonly unknown[]>(sql: string, ...values: readonly unknown[]): Row[] {
    return this.#statement(sql)
      .raw(true)
      .all(...values) as unknown as Row[]
  }

  #statement(sql: string): Database.Statement<unknown[]> {
    const statement = this.#prepared.get(sql) ?? this.#database.prepare<unknown[]>(sql)
    this.#prepared.delete(sql)
    this.#prepared.set(sql, statement)
    const [oldest] = this.#prepared.keys()
    if (oldest !== undefined && this.#prepared.size > KEPT) this.#prepared.delete(oldest)
    return statement
  }
}
