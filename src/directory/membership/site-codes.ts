/** The dial codes of a site that the keys of its phones need. Other sites know them from the record of the site. */
export interface SiteCodes {
  /**
   * What is dialled for `login`, `logout`, `voicemail` (to hear messages), each feature (`pick-up`, `forward-always`), and `break-out.london` or
   * `break-out.any`. For a code that takes more digits, the part before them.
   */
  readonly named: ReadonlyMap<string, string>
  /** Patterns of codes of fixed length, with `X`, `Z` and `N` for digits: a phone may send them at once. */
  readonly closed: readonly string[]
}

/** `login=*77* logout=*77*5* pick-up=*8` */
export function writeNamedCodes({ named }: SiteCodes): string {
  return Array.from(named, ([name, code]) => `${name}=${code}`).join(' ')
}

/** Words that are not codes are left out. */
export function parseSiteCodes(named: string, closed: string): SiteCodes {
  const entries = named.split(' ').flatMap((word) => {
    const [, name = '', code = ''] = /^([a-z0-9.-]{1,64})=([0-9*#+]{1,32})$/.exec(word) ?? []
    return name === '' ? [] : [[name, code] as const]
  })
  return { named: new Map(entries), closed: closed.split(' ').filter((code) => /^[0-9*#+XZN]{1,40}$/.test(code)) }
}
