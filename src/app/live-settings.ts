import type { Config } from '../config/config.js'

/** The configuration in force. A reload replaces it; settings that need a restart have no effect until then. */
export interface LiveSettings {
  readonly current: Config
}

export interface ReplaceableSettings extends LiveSettings {
  replace(config: Config): void
}

export function createLiveSettings(first: Config): ReplaceableSettings {
  let current = first
  return {
    get current() {
      return current
    },
    replace(config) {
      current = config
    },
  }
}
