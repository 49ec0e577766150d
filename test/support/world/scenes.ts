/** Who calls whom in a scene, and what is dialled. Cases choose one by its name. */
export interface Scene {
  /** The first request. */
  readonly method: 'INVITE' | 'REGISTER' | 'OPTIONS'
  readonly from: 'phone' | 'trunk' | 'free phone'
  readonly to: 'phone' | 'trunk' | 'node'
  /** The number; null where it is the called phone's. */
  readonly dial: string | null
  /** What is sent in the dialog, in order, when the call is up. */
  readonly inCall: readonly string[]
}

const endedByCaller = ['caller BYE']

export const scenes = {
  register: { method: 'REGISTER', from: 'free phone', to: 'node', dial: null, inCall: [] },
  options: { method: 'OPTIONS', from: 'free phone', to: 'node', dial: null, inCall: [] },
  'phone to phone': { method: 'INVITE', from: 'phone', to: 'phone', dial: null, inCall: endedByCaller },
  'phone to 112': { method: 'INVITE', from: 'phone', to: 'trunk', dial: '112', inCall: endedByCaller },
  'phone to outside': { method: 'INVITE', from: 'phone', to: 'trunk', dial: '00199000123', inCall: endedByCaller },
  'outside to phone': { method: 'INVITE', from: 'trunk', to: 'phone', dial: '+33199000101', inCall: endedByCaller },
  login: { method: 'INVITE', from: 'free phone', to: 'node', dial: '*77*107*', inCall: [] },
} as const satisfies Readonly<Record<string, Scene>>

export type SceneName = keyof typeof scenes
