/** Tells a recorded message from one that was heard by what matters: words, headers and their values, not by random ids. */
export interface Likeness {
  /** The recorded text with everything that has another name now. */
  translate(recorded: string): string
  /** Null where they say the same. */
  difference(recorded: string, heard: string): string | null
  /** Remembers what has another name now. */
  learn(recorded: string, heard: string): void
}

/** Headers that RFC 3261 §12.1.1, RFC 3311 §5 and RFC 6665 §4.1.3 ask for and the recorded server left out. */
const owed: readonly { readonly message: RegExp; readonly header: string }[] = [
  { message: /^SIP\/2\.0 18\d .*\r\n[\s\S]*CSeq: \d+ INVITE/i, header: 'contact' },
  { message: /^SIP\/2\.0 2\d\d .*\r\n[\s\S]*CSeq: \d+ (UPDATE|REFER|SUBSCRIBE)/i, header: 'contact' },
  { message: /^(NOTIFY|UPDATE|REFER) /, header: 'contact' },
  { message: /^ACK /, header: 'authorization' },
  { message: /^(ACK|CANCEL) /, header: 'max-forwards' },
]

export function createLikeness(known: readonly (readonly [recorded: string, now: string])[]): Likeness {
  const names = new Map<string, string>()
  const ports = new Map(known)

  function translate(recorded: string): string {
    // Ports first: what is random now may look like one.
    let text = recorded.replace(/(?:tcp\/127\.0\.0\.1:)?\b\d{4,5}\b/g, (word) => ports.get(word) ?? word)
    for (const [was, now] of [...names].sort(([a], [b]) => b.length - a.length)) text = text.split(was).join(now)
    return text
  }

  function difference(recorded: string, heard: string): string | null {
    const trial = createTrial(recorded, heard)
    for (const [was, now] of trial) {
      const before = names.get(was)
      // The recorded server gives all requests of one second the same CSeq number: the latest meaning counts.
      if (before !== undefined && before !== now && !/^\d+$/.test(was)) return `${was} was ${before} and is ${now}`
    }
    const saved = new Map(names)
    for (const [was, now] of trial) names.set(was, now)
    const expected = translate(recorded)
    names.clear()
    for (const [was, now] of saved) names.set(was, now)
    return compare(expected, heard)
  }

  return {
    translate,
    difference,
    learn(recorded, heard) {
      for (const [was, now] of createTrial(recorded, heard)) names.set(was, now)
    },
  }
}

interface Parts {
  readonly line: string
  readonly message: string
}

/** A frame is a line of words with or without a message below it; a datagram is the message alone. */
function partsOf(text: string): Parts {
  const end = text.indexOf('\r\n')
  const first = end < 0 ? text : text.slice(0, end)
  if (!first.includes('|')) return { line: '', message: text }
  return { line: first, message: end < 0 ? '' : text.slice(end + 2) }
}

/** Pairs of what was called so when it was recorded and what stands in its place now. */
function createTrial(recorded: string, heard: string): readonly (readonly [string, string])[] {
  const was = partsOf(recorded)
  const now = partsOf(heard)
  const words = now.line.split('|')
  const pairs: (readonly [string, string])[] = []
  for (const [at, word] of was.line.split('|').entries()) {
    if (/^id-\d+-$/.test(word)) pairs.push([word, words[at] ?? ''])
  }
  for (const pattern of [
    /^via:.*?branch=(z9hG4bK[^;\s]+)/im,
    /^from:.*?tag=([^;>\s]+)/im,
    /^to:.*?tag=([^;>\s]+)/im,
    /^call-id:\s*(\S+)/im,
    /^cseq:\s*(\d{5,})/im,
    /^rseq:\s*(\d{3,})/im,
  ]) {
    const before = pattern.exec(was.message)?.[1]
    const after = pattern.exec(now.message)?.[1]
    if (before !== undefined && after !== undefined) pairs.push([before, after])
  }
  return pairs.filter(([before, after]) => before !== after)
}

function compare(expected: string, heard: string): string | null {
  const was = partsOf(expected)
  const now = partsOf(heard)
  return compareLines(was.line, now.line) ?? compareMessages(was.message, now.message)
}

function compareLines(expected: string, heard: string): string | null {
  const was = expected.split('|')
  const now = heard.split('|')
  if (was.length !== now.length) return `${was.length} words were recorded, ${now.length} heard: ${heard}`
  for (const [at, word] of was.entries()) {
    const other = now[at] ?? ''
    if (!sameWord(word, other)) return `word ${at} was ${word} and is ${other}: ${heard}`
  }
  return null
}

function sameWord(was: string, now: string): boolean {
  if (was === now) return true
  // The recorded server often forgets the transport; ids of messages are random.
  if (was === '' && (now === 'udp' || now === 'tcp')) return true
  if (/^id-\d+-$/.test(was) || (/^v\d+\.\d+\.\d+/.test(was) && /^v\d+\.\d+\.\d+/.test(now))) return true
  if (/^\d\d:\d\d:\d\d\.\d{6}$/.test(was)) return /^\d\d:\d\d:\d\d\.\d{6}$/.test(now)
  return /^\d+$/.test(was) && /^\d+$/.test(now)
}

function compareMessages(expected: string, heard: string): string | null {
  if (expected === '' || heard === '') return expected === heard ? null : 'only one of them has a message'
  const was = readMessage(expected)
  const now = readMessage(heard)
  if (was.start !== now.start) return `it began with ${was.start} and begins with ${now.start}`
  if (was.body !== now.body) return `another body`
  const free = new Set(owed.filter(({ message }) => message.test(heard)).map(({ header }) => header))
  for (const name of new Set([...was.headers.keys(), ...now.headers.keys()])) {
    const before = was.headers.get(name)
    const after = now.headers.get(name)
    if (before === undefined && free.has(name)) continue
    if (before === undefined || after === undefined) return `${name} is in one of them only`
    if (name !== 'via' && name !== 'max-forwards' && before !== after) return `${name} was ${before} and is ${after}`
  }
  return null
}

function readMessage(text: string): { start: string; headers: Map<string, string>; body: string } {
  const end = text.indexOf('\r\n\r\n')
  const [start = '', ...lines] = (end < 0 ? text : text.slice(0, end)).split('\r\n')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toLowerCase()
    headers.set(name, [headers.get(name), plain(line.slice(colon + 1))].filter((value) => value !== undefined).join())
  }
  return { start, headers, body: end < 0 ? '' : text.slice(end + 4) }
}

/** Blanks around separators and the brackets of an address mean nothing. */
function plain(value: string): string {
  return value
    .replace(/\s*([;,=])\s*/g, '$1')
    .replace(/[<>]/g, '')
    .trim()
}
