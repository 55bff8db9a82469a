// Where the parts of the example are.

const { PORT = '8000', PAGE_PORT = '8001', WEB_PORT = '8002' } = process.env

export const port: number = Number(PORT)
export const serverUrl: string = `http://localhost:${PORT}`
export const pagePort: number = Number(PAGE_PORT)
export const pageUrl: string = `http://localhost:${PAGE_PORT}`
export const webPort: number = Number(WEB_PORT)
export const webUrl: string = `http://localhost:${WEB_PORT}`
