// The one seed that somebody wants to see again.

const text = process.env['HOLDFAST_SEED']

export const seedToReplay = text === undefined ? null : Number(text)
