export const accelerators: readonly unknown[]
export const models: readonly unknown[]
