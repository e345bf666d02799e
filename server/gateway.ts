export interface GatewayContext { readonly viewer: unknown }
