#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Takes away what ipsec.ps1 has added.
#>
[CmdletBinding(SupportsShouldProcess)]
param()
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$name = 'claims'
$mark = 'seikyu-claims'
$hosts = Join-Path $env:SystemRoot 'System32\drivers\etc\hosts'
if ($PSCmdlet.ShouldProcess($name, 'remove the connection')) {
    Get-VpnConnection -AllUserConnection | Where-Object { $_.Name -eq $name } | Remove-VpnConnection -AllUserConnection -Force
}
if ($PSCmdlet.ShouldProcess($hosts, 'remove the address of the gateway')) {
    $lines = @(Get-Content -LiteralPath $hosts -Encoding Default | Where-Object { $_ -notlike "*# $mark" })
    Set-Content -LiteralPath $hosts -Value $lines -Encoding Default
    Clear-DnsClientCache
}
