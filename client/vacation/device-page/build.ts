declare const __BUILD__: string

/** Version of the page, e.g. "0.1.0"; set by vite.config.ts. */
export const BUILD: string = __BUILD__
