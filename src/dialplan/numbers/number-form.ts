import { secretForm } from '../../config/yaml/yaml-schema.js'

/** How a trunk writes numbers: +4420…, 4420…, 004420…, or 020… for those of the site's own country. */
const numberForms = ['e164', 'digits', 'international', 'national'] as const

export type NumberForm = (typeof numberForms)[number]

const words = ['as-routed', ...numberForms] as const

const numberForm = secretForm(`one of ${words.join(', ')}`, (text) => words.find((word) => word === text) ?? null, { enum: words })

/** Keys of a trunk. */
export const numberFormKeys = {
  numbers: numberForm
    .prefault('as-routed')
    .describe('How called numbers are written: `e164` +4420…, `digits` 4420…, `international` 004420…, `national` 020….'),
  callerNumbers: numberForm.optional().describe('The same for caller numbers. Default: as `numbers`.'),
}

/** The form of called and caller numbers at a trunk; left out: as routes and records write them. */
export interface TrunkNumberForms {
  readonly numbers?: NumberForm
  readonly callerNumbers?: NumberForm
}

type Word = (typeof words)[number]

export function numberFormsOf({ numbers, callerNumbers = numbers }: { numbers: Word; callerNumbers?: Word | undefined }): TrunkNumberForms {
  return {
    ...(numbers === 'as-routed' ? {} : { numbers }),
    ...(callerNumbers === 'as-routed' ? {} : { callerNumbers }),
  }
}
