import { expect, it } from 'vitest'
import { messageIdOf } from '../../src/mail/message-id.ts'

it('is the same for the same request, however its id is written', () => {
  expect(messageIdOf('6F1C1C8E-5A3F-4D7E-9C55-3A1F0D1B2C3D')).toBe(
    '<6f1c1c8e-5a3f-4d7e-9c55-3a1f0d1b2c3d@mail-sender.example>',
  )
  expect(messageIdOf('6f1c1c8e-5a3f-4d7e-9c55-3a1f0d1b2c3d')).toBe(messageIdOf('6F1C1C8E-5A3F-4D7E-9C55-3A1F0D1B2C3D'))
})
