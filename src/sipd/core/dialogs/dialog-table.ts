import type { Table } from '../../../base/machine.js'

export type DialogState = 'early' | 'confirmed' | 'terminating' | 'terminated'

/** `2xx`: the request that created the dialog was accepted; `bye sent`: the application's BYE waits for its response; `end`: the dialog is over. */
export type DialogInput = '2xx' | 'bye sent' | 'end'

export type DialogAction = 'remove'

/** A dialog (RFC 3261 §12, §15). While a BYE of ours waits for its response, the dialog takes no other request. */
export const dialogTable: Table<DialogState, DialogInput, DialogAction> = {
  early: {
    '2xx': ['confirmed'],
    'bye sent': ['terminating'],
    end: ['terminated', 'remove'],
  },
  confirmed: {
    'bye sent': ['terminating'],
    end: ['terminated', 'remove'],
  },
  terminating: {
    end: ['terminated', 'remove'],
  },
  terminated: {},
}
