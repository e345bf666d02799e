/** The lab's page, and beside our client what its users would have without it: apollo3-cache-persist on localforage. */
import type { ApolloCache } from '@apollo/client'
import { CachePersistor, LocalForageWrapper } from 'apollo3-cache-persist'
import localforage from 'localforage'
import { lab } from '../../test/lab/page.ts'

const persistorOf = (cache: ApolloCache): CachePersistor<unknown> =>
  new CachePersistor<unknown>({
    // Its types speak of Apollo Client 3, where a cache was generic.
    cache: cache as never,
    storage: new LocalForageWrapper(localforage) as never,
    maxSize: false,
    trigger: false,
  })

const stock = {
  persist: (cache: ApolloCache): Promise<void> => persistorOf(cache).persist(),
  restore: (cache: ApolloCache): Promise<void> => persistorOf(cache).restore(),
}

declare global {
  interface Window {
    stock: typeof stock
  }
}
// The package has no side effects, says package.json: an import for those alone would be left out.
Object.assign(window, { lab, stock })
