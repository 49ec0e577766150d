import type { CountryCode } from 'libphonenumber-js/max'
import { classOfPhone, type OutsideClass } from './number-class.js'
import type { NumberForm } from './number-form.js'
import { createReader, type Reading, typeOf } from './reading.js'
import { classOfUnread } from './unread-number.js'

/** How numbers are written at one site. Emergency numbers and other short numbers have one form only, and no E.164. */
export interface NumberPlan {
  /** Null: not known, and neither is which numbers are abroad. */
  readonly country: CountryCode | null
  /** `+442079460100`; null if it cannot be known. */
  e164(number: string): string | null
  classOf(number: string): OutsideClass
  /** Every form in which a trunk may write the same number, the given one first. */
  formsOf(number: string): readonly string[]
  /** The same for several writings of one number. It takes the least time if the first has been read. */
  formsOfAll(writings: readonly string[]): readonly string[]
  /** A form of the number; unchanged if its E.164 is not known. */
  written(number: string, form: NumberForm): string
}

/** An outside number as a trunk gets it, and what is known about it. */
export interface OutsideNumber {
  /** As the route writes it. */
  readonly number: string
  /** `+442079460100`; null if it cannot be known, as for a short number. */
  readonly e164: string | null
  readonly numberClass: OutsideClass
}

/** A route may put digits in front that are no part of the number, so the dialled digits count if those sent mean nothing. */
export function outsideNumber({ e164, classOf }: NumberPlan, sent: string, dialled: string): OutsideNumber {
  const known = [sent, dialled].find((text) => e164(text) !== null)
  const classes = known === undefined ? [classOf(sent), classOf(dialled)] : [classOf(known)]
  const numberClass = classes.find((name) => name !== 'other') ?? 'other'
  return { number: sent, e164: known === undefined ? null : e164(known), numberClass }
}

/** A text, and what has been asked about it so far. */
interface Known {
  readonly reading: Reading | null
  numberClass?: OutsideClass
}

/** A number is asked for several times in a call, and takes some 10 µs to read. */
const maxKnown = 2_000

/** @param country null: only numbers with `+` are understood */
export function createNumberPlan(country: CountryCode | null): NumberPlan {
  const known = new Map<string, Known>()
  const reader = createReader(country)
  const readingOf = (number: string): Reading | null => look(number).reading

  function look(number: string): Known {
    const found = known.get(number)
    if (found) return found
    if (known.size >= maxKnown) known.clear()
    const entry: Known = { reading: reader.read(number, readingOf) }
    known.set(number, entry)
    return entry
  }

  return {
    country,
    e164: (number) => readingOf(number)?.phone.number ?? null,
    classOf(number) {
      const entry = look(number)
      entry.numberClass ??= classOfReading(entry.reading, country) ?? classOfUnread(number, country)
      return entry.numberClass
    },
    formsOf(number) {
      const reading = readingOf(number)
      return reading === null ? [number] : [...new Set([number, ...Object.values(reader.written(reading))])]
    },
    formsOfAll(writings) {
      const forms: string[] = []
      /** They are read as a number whose forms are all there. */
      const covered: string[] = []
      let last: Reading | null = null
      for (const writing of writings) {
        if (covered.includes(writing)) continue
        forms.push(writing)
        const reading = readingOf(writing)
        if (reading === null || reading === last) continue
        const { e164, digits, international, national } = reader.written(reading)
        forms.push(e164, digits, international, national)
        covered.push(writing, ...(reader.readsBack(reading) ? [e164, national] : []))
        last = reading
      }
      return forms
    },
    written(number, form) {
      const reading = readingOf(number)
      return reading === null ? number : reader.written(reading)[form]
    },
  }
}

/** Null: a number of no known kind, which may be one that goes on after its end, or begins with a code. */
function classOfReading(reading: Reading | null, country: CountryCode | null): OutsideClass | null {
  if (reading === null) return null
  const numberClass = classOfPhone(reading.phone, typeOf(reading), country)
  return typeOf(reading) === null && numberClass === 'other' ? null : numberClass
}
