/// <reference types="vite/client" />
/**
 * Monaco's three workers, bundled and served by us. GraphiQL's own helper (`graphiql/setup-workers/vite`) breaks Vite's
 * development server (graphql/graphiql issues 4038 and 4473); it is these lines.
 */
import EditorWorker from 'monaco-editor/esm/vs/editor/editor.worker.js?worker'
import JsonWorker from 'monaco-editor/esm/vs/language/json/json.worker.js?worker'
import GraphQLWorker from 'monaco-graphql/esm/graphql.worker.js?worker'

const workers: Readonly<Record<string, new () => Worker>> = { json: JsonWorker, graphql: GraphQLWorker }

/** Called, not only imported: the package says that its modules have no side effects, and a bundler drops those that nobody uses. */
export function provideWorkers(): void {
  Object.assign(globalThis, {
    MonacoEnvironment: { getWorker: (_id: string, label: string): Worker => new (workers[label] ?? EditorWorker)() },
  })
}
