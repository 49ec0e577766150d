import type { Make, PhoneModel } from './contract.js'

interface Measures extends Pick<PhoneModel, 'family' | 'keys' | 'perPage'> {
  readonly second?: PhoneModel['second']
  readonly modules?: PhoneModel['modules']
}

export interface KnownModel extends Measures {
  /** Beginnings of names: `T54` also stands for `T54W`. */
  readonly names: readonly string[]
}

interface Maker {
  readonly models: readonly KnownModel[]
  /** Of a model that is not listed. */
  readonly otherwise: Measures
}

function row(names: string, measures: Measures): KnownModel {
  return { names: names.split(' '), ...measures }
}

/** A phone shows some keys at a time; the last key of some phones turns the page, and does not count. */
const yealink = (keys: number, perPage: number, modules?: PhoneModel['modules']): Measures => ({
  family: 'yealink',
  keys,
  perPage,
  modules: modules ?? null,
})
const exp40 = { count: 6, keys: 40 }
const exp50 = { count: 3, keys: 60 }
const exp55 = { count: 3, keys: 78 }

const snom = (keys: number, perPage: number, modules: PhoneModel['modules'] = { count: 3, keys: 18 }): Measures => ({
  family: 'snom',
  keys,
  perPage,
  modules,
})
const d8c = { count: 3, keys: 60 }

/** `vpk` keys beside the display, on pages, then `mpk` keys with lamps of their own. */
function grandstream(vpk: number, perPage: number, mpk = 0): Measures {
  return { family: 'grandstream', keys: vpk + mpk, perPage, second: mpk === 0 ? null : { keys: mpk, perPage: mpk } }
}

const poly = (keys: number, modules: PhoneModel['modules'] = null): Measures => ({ family: 'poly', keys, perPage: keys, modules })
const vvxModules = { count: 3, keys: 40 }

/** Keys at the side of the display, then function keys on pages. */
function fanvil(side: number, perPage: number, pages: number): Measures {
  return { family: 'fanvil', keys: side + perPage * pages, perPage: side, second: pages === 0 ? null : { keys: perPage * pages, perPage } }
}

/** Keys at the side of the display, on pages, and no others. */
function fanvilSide(perPage: number, pages: number): Measures {
  return { family: 'fanvil', keys: perPage * pages, perPage, second: null }
}

const cisco = (keys: number, modules = 0): Measures => ({
  family: 'cisco',
  keys,
  perPage: keys,
  modules: modules === 0 ? null : { count: modules, keys: 32 },
})

/** Counts of wazo-provd-plugins and of Tancredi; the smaller one if they differ. */
export const knownModels: Readonly<Record<Make, Maker>> = {
  yealink: {
    models: [
      row('CP T19 T30 W5 W6 W7 W8 W9 AX', yealink(0, 1)),
      row('T20 T21 T31', yealink(2, 2)),
      row('T22 T23 T32 T40', yealink(3, 3)),
      row('T28 T38', yealink(6, 6)),
      row('T33 T34', yealink(12, 3)),
      row('T41 T42', yealink(15, 5)),
      row('T43', yealink(15, 7, exp50)),
      row('T27', yealink(21, 7, exp40)),
      row('T44', yealink(21, 7, exp50)),
      row('T52 T53', yealink(21, 7, exp50)),
      row('T29 T46G T46S', yealink(27, 9, exp40)),
      row('T46 T54 T56 T58 VP59', yealink(27, 9, exp50)),
      row('T48G T48S T49', yealink(29, 29, exp40)),
      row('T48 T57', yealink(29, 29, exp50)),
      row('T73', yealink(40, 40, exp55)),
      row('T74', yealink(50, 50, exp55)),
      row('T77', yealink(56, 56, exp55)),
      row('T85', yealink(60, 60, exp55)),
      row('T87 T88', yealink(84, 84, exp55)),
    ],
    otherwise: yealink(2, 2),
  },
  snom: {
    models: [
      row('D120', snom(2, 2, null)),
      row('D140 D150', snom(2, 2)),
      row('D717', snom(3, 3)),
      row('D713', snom(4, 4)),
      row('D810', snom(4, 4, d8c)),
      row('D305 D315 D710 D712 D715', snom(5, 5)),
      row('D375', snom(12, 12)),
      row('D765', snom(16, 16)),
      row('D725', snom(18, 18)),
      row('D785', snom(24, 6, { count: 4, keys: 18 })),
      row('D812 D862', snom(28, 7, d8c)),
      row('SP800', snom(28, 7)),
      row('D735 D745', snom(32, 8)),
      row('D815 D865 D892', snom(36, 9, d8c)),
      row('D335 D345 D385', snom(48, 12)),
    ],
    otherwise: snom(2, 2),
  },
  grandstream: {
    models: [
      row('GRP2612', grandstream(16, 4)),
      row('GRP2613', grandstream(24, 6)),
      row('GRP2614 GRP2616', grandstream(16, 4, 24)),
      row('GRP2615', grandstream(40, 10)),
      row('GXP2130', grandstream(12, 3, 8)),
      row('GXP2135', grandstream(32, 8)),
      row('GXP2140', grandstream(16, 4)),
      row('GXP2160', grandstream(24, 6, 24)),
      row('GXP2170', grandstream(48, 12)),
      row('HT GXW', grandstream(0, 1)),
    ],
    otherwise: grandstream(2, 2),
  },
  poly: {
    models: [
      row('VVX101 VVX150 VVX201', poly(2)),
      row('VVX250', poly(4)),
      row('VVX300 VVX301 VVX310 VVX311 VVX350', poly(6, vvxModules)),
      row('VVX400 VVX401 VVX410 VVX411 VVX450 VVX500 VVX501', poly(12, vvxModules)),
      row('VVX600 VVX601', poly(16, vvxModules)),
    ],
    otherwise: poly(2),
  },
  fanvil: {
    models: [
      row('H2 X301 V50', fanvil(0, 1, 0)),
      row('X1 X3', fanvil(2, 1, 0)),
      row('X3U X303', fanvil(3, 1, 0)),
      row('X4', fanvil(0, 6, 5)),
      row('X4U', fanvil(3, 6, 5)),
      row('X5', fanvil(0, 8, 5)),
      row('X5U', fanvil(4, 6, 5)),
      row('X6 X7', fanvil(0, 12, 5)),
      row('X7C', fanvilSide(12, 5)),
      row('X6U', fanvil(5, 12, 5)),
      row('X210', fanvil(10, 32, 3)),
      row('V61', fanvilSide(3, 4)),
      row('V62', fanvilSide(5, 3)),
      row('V62G V62W V62Pro V63 V64', fanvilSide(7, 3)),
      row('V65', fanvilSide(9, 3)),
      row('V66 V67', fanvil(0, 29, 4)),
    ],
    otherwise: fanvil(2, 1, 0),
  },
  gigaset: {
    models: [
      row('Maxwell Maxwell2 Maxwell3 Maxwell4', { family: 'gigaset-maxwell', keys: 8, perPage: 8 }),
      row('MaxwellBasic', { family: 'gigaset-maxwell', keys: 0, perPage: 1 }),
      row('P710', { ...snom(4, 4), family: 'snom' }),
      row('P810', snom(4, 4, d8c)),
      row('P820 P825', snom(28, 7, d8c)),
      row('P850 P855', snom(36, 9, d8c)),
    ],
    otherwise: { family: 'gigaset-n', keys: 0, perPage: 1 },
  },
  cisco: {
    models: [
      row('6821 7811', cisco(2)),
      row('7821', cisco(2, 1)),
      row('6841 6861', cisco(4)),
      row('6851 7841', cisco(4, 1)),
      row('7861', cisco(16, 1)),
      row('8811 8841 8845', cisco(10, 1)),
      row('8851', cisco(10, 2)),
      row('8861 8865', cisco(10, 3)),
    ],
    otherwise: cisco(2),
  },
  generic: { models: [], otherwise: { family: 'generic', keys: 24, perPage: 24 } },
}
