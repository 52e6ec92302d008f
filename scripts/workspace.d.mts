export const root: string
export const pnpmVersion: string
