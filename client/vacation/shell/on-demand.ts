import { type ComponentType, type LazyExoticComponent, lazy } from 'react'

/** A component of its own chunk, fetched when it is first shown. The service worker has all chunks, so offline, too. */
export const onDemand = <Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): LazyExoticComponent<ComponentType<Props>> => lazy(async () => ({ default: await load() }))
