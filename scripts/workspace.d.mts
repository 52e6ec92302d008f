export const root: string
export const pnpmVersion: string
export declare const node: string
