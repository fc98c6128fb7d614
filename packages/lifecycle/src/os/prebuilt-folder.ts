// The folder of this platform in packages that bring prebuilt binaries for many.

/** For example `linux-x64`. */
export const prebuiltFolder: string = `${process.platform}-${process.arch}`
