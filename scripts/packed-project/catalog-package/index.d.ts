export declare const accelerators: readonly unknown[]
export declare const models: readonly unknown[]
