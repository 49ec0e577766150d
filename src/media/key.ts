/** The keys of a phone, in the order of their event codes (RFC 4733 §3.2). */
export const keys = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'] as const

export type Key = (typeof keys)[number]

/** Null for other events, such as the hook flash (16). */
export function keyOfEvent(event: number): Key | null {
  return keys[event] ?? null
}

export function eventOfKey(key: Key): number {
  return keys.indexOf(key)
}

export function parseKey(text: string): Key | null {
  return keys.find((key) => key === text.toUpperCase()) ?? null
}

/** The types of INFO bodies that carry key presses. None of them is a standard. */
export const keyBodies = [
  'application/dtmf-relay',
  'application/dtmf',
  'audio/telephone-event',
  'application/vnd.nortelnetworks.digits',
  'application/hook-flash',
] as const

/** ITU-T Q.23, in hertz: each key is one low and one high tone. */
export const lowTones = [697, 770, 852, 941] as const
export const highTones = [1209, 1336, 1477, 1633] as const

const keypad = ['123A', '456B', '789C', '*0#D'] as const

/** The key at this row (low tone) and column (high tone) of the keypad. */
export function keyAt(row: number, column: number): Key | null {
  return parseKey(keypad[row]?.[column] ?? '')
}

export function keyFrequencies(key: Key): readonly [low: number, high: number] {
  const row = keypad.findIndex((names) => names.includes(key))
  const column = keypad[row]?.indexOf(key) ?? 0
  return [lowTones[row] ?? lowTones[0], highTones[column] ?? highTones[0]]
}
