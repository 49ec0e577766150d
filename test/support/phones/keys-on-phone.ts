import type { Settings } from '../../../src/provisioning/formats/format.js'

/** What a lamp says: nobody is there, the user is called, the user is in a call. */
export type LampState = 'terminated' | 'early' | 'confirmed'

/** A key as the phone understands it. */
export interface KeyOnPhone {
  readonly label: string
  readonly kind: 'none' | 'line' | 'lamp' | 'dial'
  /** The user part of the AOR that the phone subscribes to. */
  readonly watches: string | null
  /** What the phone dials when the key is pressed in that state. */
  readonly dials: (state: LampState) => string | null
}

/**
 * Reads the keys out of a rendered file as phones of that family do, by the makers' manuals: a second opinion on the templates. Positions count
 * from 0, through pages and modules.
 */
export function keysOnPhone(family: string, settings: Settings): readonly KeyOnPhone[] {
  const read = readers[family]
  if (!read) throw new RangeError(`no phone of ${family} reads a file here`)
  return read((name) => settings.get(name)?.at(-1), settings)
}

type Get = (name: string) => string | undefined
type Reader = (get: Get, settings: Settings) => readonly KeyOnPhone[]

const readers: Readonly<Record<string, Reader>> = {
  yealink: (get) => [
    ...sequence((index) => yealinkKey(get, `linekey.${index + 1}`)),
    ...[1, 2, 3, 4, 5, 6].flatMap((unit) => sequence((index) => yealinkKey(get, `expansion_module.${unit}.key.${index + 1}`))),
  ],
  snom: (get) => sequence((index) => snomKey(get, index)),
  grandstream: (get) => [...grandstreamKeys(get, 'vpk'), ...grandstreamKeys(get, 'mpk')],
  poly: (get) => polyKeys(get),
  fanvil: (_, settings) => fanvilKeys(settings),
  'gigaset-maxwell': (get) => sequence((index) => maxwellKey(get, index)),
  cisco: (get) => [...sequence((index) => ciscoKey(get, index)), ...ciscoModules(get)],
  generic: (get) => sequence((index) => genericKey(get, `keys.${index}`)),
}

/** Keys from position 0 until one is not in the file. */
function sequence(keyAt: (index: number) => KeyOnPhone | null): KeyOnPhone[] {
  const keys: KeyOnPhone[] = []
  for (let key = keyAt(0); key !== null; key = keyAt(keys.length)) keys.push(key)
  return keys
}

const dialsNothing = (): null => null

function blank(label: string, kind: 'none' | 'line' = 'none'): KeyOnPhone {
  return { label, kind, watches: null, dials: dialsNothing }
}

function dial(label: string, number: string): KeyOnPhone {
  return { label, kind: 'dial', watches: null, dials: () => number || null }
}

/** @param ringing what is dialled while the lamp blinks */
function lamp(label: string, watches: string, number: string, ringing: string): KeyOnPhone {
  return { label, kind: 'lamp', watches, dials: (state) => (state === 'early' ? ringing : number) }
}

function yealinkKey(get: Get, name: string): KeyOnPhone | null {
  const [type, value = '', label = ''] = [get(`${name}.type`), get(`${name}.value`), get(`${name}.label`)]
  const pickUp = get(`${name}.pickup_value`) ?? ''
  if (type === undefined) return null
  if (type === '15') return blank(label, 'line')
  if (type === '16' || type === '10')
    return lamp(label, value, value, /^[*#%]/.test(pickUp) && pickUp !== '%NULL%' ? `${pickUp}${value}` : value)
  return type === '13' ? dial(label, value === '%NULL%' ? '' : value) : blank(label === '%NULL%' ? '' : label)
}

function snomKey(get: Get, index: number): KeyOnPhone | null {
  const found = ['1', 'active'].flatMap((context) => {
    const name = `settings/functionKeys[e=2]/fkey[idx=${index}][context=${context}]`
    const text = get(name)
    return text === undefined ? [] : [{ text, label: get(`${name}@label`) ?? '' }]
  })
  const [key] = found
  if (key === undefined || found.length > 1) return null
  const { text, label } = key
  const [, type = '', number = '', code = ''] = /^(\w+)(?: <?(?:sip:)?([^<>@|]*)(?:@[^>|]*)?>?(?:\|(.*))?)?$/.exec(text) ?? []
  if (type === 'blf' || type === 'orbit') return lamp(label, number, number, `${code}${number}`)
  return type === 'speed' ? dial(label, number) : blank(label, type === 'line' ? 'line' : 'none')
}

function grandstreamKeys(get: Get, kind: 'vpk' | 'mpk'): KeyOnPhone[] {
  const item = (name: string): string | undefined => get(`gs_provision/config/item[name=${name}]`)
  return sequence((index) => {
    const at = (part: string): string | undefined => item(`pks.${kind}.${index + 1}.${part}`)
    const [mode, label = '', number = ''] = [at('keyMode'), at('description'), at('value')]
    if (mode === undefined) return null
    if (mode === 'BLF') return lamp(label, number, number, `${item('account.1.sip.blf.callPickup.prefix')}${number}`)
    if (mode === 'CallPark') return lamp(label, number, number, number)
    return mode === 'SpeedDial' ? dial(label, number) : blank(label, mode === 'Line' ? 'line' : 'none')
  })
}

function polyKeys(get: Get): KeyOnPhone[] {
  const at = (name: string): string => get(`polycomConfig@${name}`) ?? ''
  let lamps = 0
  return sequence((index) => {
    const category = get(`polycomConfig@lineKey.${index + 1}.category`)
    if (category === undefined) return null
    if (category === 'BLF') {
      lamps += 1
      return polyLamp(at, `attendant.resourceList.${lamps}`)
    }
    if (category === 'EFK') return polyMacro(at, `efk.efklist.${at(`lineKey.${index + 1}.index`)}`)
    return category === 'Line' ? blank(at('reg.1.label'), 'line') : blank('')
  })
}

/** `automata` is always dialled; of `normal`, a ringing call is picked up. */
function polyLamp(at: (name: string) => string, entry: string): KeyOnPhone {
  const [watches = ''] = at(`${entry}.address`).split('@')
  const [number = ''] = (at(`${entry}.callAddress`) || watches).split('@')
  const picksUp = at(`${entry}.type`) === 'normal' && at('call.directedCallPickupMethod') === 'legacy'
  return lamp(at(`${entry}.label`), watches, number, picksUp ? `${at('call.directedCallPickupString')}${watches}` : number)
}

function polyMacro(at: (name: string) => string, entry: string): KeyOnPhone {
  const [number = '', tool] = at(`${entry}.action.string`).split('$')
  return dial(at(`${entry}.label`), tool === 'Tinvite' ? number : '')
}

/** Keys beside the display, then function keys, page by page as they stand in the file. */
function fanvilKeys(settings: Settings): KeyOnPhone[] {
  const types = Array.from(settings).filter(([name]) =>
    /^sysConf\/dsskey\/(?:dssSide|internal)\[index=[0-9]+\]\/Fkey\[index=[0-9]+\]\/Type$/.test(name),
  )
  return types.map(([name, [type]]) => {
    const at = (part: string): string => settings.get(name.replace(/Type$/, part))?.at(-1) ?? ''
    const [, number = '', use = '', ringing = ''] = /^(.+)@1\/(f|c|ba)(.*)$/.exec(at('Value')) ?? []
    if (type === '2') return blank(at('Title'), 'line')
    if (type !== '1') return blank(at('Title'))
    return use === 'f' ? dial(at('Title'), number) : lamp(at('Title'), number, number, ringing || number)
  })
}

function maxwellKey(get: Get, index: number): KeyOnPhone | null {
  const at = (part: string): string | undefined => get(`provisioning/nvm/param[name=PhoneUI.Keys.FunctionKeys.${index}.${part}]@value`)
  const [type, label = '', number = ''] = [at('Type'), at('DisplayName'), at('PhoneNumber')]
  if (type === undefined) return null
  if (type === '0') return blank(label, 'line')
  if (type === '3') return dial(label, number)
  return type === '4' ? lamp(label, number, number, `${at('CallPickupCode')}${number}`) : blank(label)
}

function ciscoKey(get: Get, index: number): KeyOnPhone | null {
  const extension = get(`flat-profile/Extension_${index + 1}_`)
  if (extension === undefined) return null
  const label = get(`flat-profile/Short_Name_${index + 1}_`) ?? ''
  if (extension !== 'Disabled') return blank(label, 'line')
  return ciscoFunction(get, get(`flat-profile/Extended_Function_${index + 1}_`) ?? '', label)
}

function ciscoModules(get: Get): KeyOnPhone[] {
  const units = [1, 2, 3].map((unit) =>
    sequence((index) => {
      const text = get(`flat-profile/Unit_${unit}_Key_${index + 1}_`)
      return text === undefined ? null : ciscoFunction(get, text, '')
    }),
  )
  return units.flat()
}

function ciscoFunction(get: Get, text: string, label: string): KeyOnPhone {
  const parts = new Map(text.split(';').map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const))
  const userOf = (name: string): string => (parts.get(name) ?? '').replace(/@\$PROXY$/, '')
  const uses = (parts.get('fnc') ?? '').split('+')
  const [number, name] = [userOf('ext'), parts.get('nme') ?? label]
  if (!uses.includes('sd')) return blank(label)
  if (!uses.includes('blf')) return dial(name, number)
  return lamp(name, userOf('sub'), number, uses.includes('cp') ? `${get('flat-profile/Call_Pickup_Code')}${userOf('sub')}` : number)
}

function genericKey(get: Get, name: string): KeyOnPhone | null {
  const [kind, label = '', number = ''] = [get(`${name}.kind`), get(`${name}.label`), get(`${name}.value`)]
  if (kind === undefined) return null
  if (kind === 'line') return blank(label, 'line')
  if (kind === 'none' || kind === 'text') return blank(label)
  if (kind !== 'lamp' && kind !== 'park') return dial(label, number)
  const picksUp = kind === 'lamp' && !/^[*#]/.test(number) && get('dialling.pickUp') !== 'null'
  return lamp(label, get(`${name}.watch`) ?? '', number, picksUp ? `${get('dialling.pickUp')}${number}` : number)
}
