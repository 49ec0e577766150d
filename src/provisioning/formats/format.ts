/** The settings of a file by name, in the order of the file; a name that occurs twice has two values. */
export type Settings = ReadonlyMap<string, readonly string[]>

/** A kind of file that phones read: how a value is written into it, and how it is read back. */
export interface Format {
  readonly name: 'lines' | 'xml' | 'json'
  /** Escapes a value for its place in the file. Every output of a template passes here. Control characters are removed. */
  escape(value: string): string
  read(text: string): FileContent
}

export interface FileContent {
  readonly settings: Settings
  /** Why a phone could not read the file; empty if it can. */
  readonly problems: readonly string[]
}

/** Collects settings as a file is read. */
export function settingsCollector() {
  const settings = new Map<string, string[]>()
  return {
    settings,
    add(name: string, value: string): void {
      const values = settings.get(name)
      if (values) values.push(value)
      else settings.set(name, [value])
    },
  }
}

/** Without control characters, which no format of a phone can carry, and without lone surrogates, which are not text. */
export function printable(value: string): string {
  return value.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\p{Cs}\ufffe\uffff]/gu, '')
}
