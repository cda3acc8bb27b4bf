#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Prepares this machine for the claims line by PPPoE (IP-VPN, IPv4).
.DESCRIPTION
IPv6 off for the network card (with it on, the claims site and the certificate site do not open), and a rule that sends
the names of the claims network to its resolvers. The connection itself is made with the wizard of Windows or with
claims.pbk; Windows asks for the password. With -WhatIf it tells what it would do and changes nothing.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string] $Interface = @@interface@@
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$mark = 'seikyu-claims'
$resolvers = @(@@resolvers_v4@@)
$namespaces = @(@@namespaces@@)
$folder = Join-Path $env:ProgramData 'seikyu'
$kept = Join-Path $folder 'pppoe-before.xml'

$v6 = @(Get-NetAdapterBinding | Where-Object { $_.Name -eq $Interface -and $_.ComponentID -eq 'ms_tcpip6' })
if ($v6.Count -ne 1) {
    Write-Error ('Name the network card: .\pppoe.ps1 -Interface NAME. Cards: ' + ((Get-NetAdapter).Name -join ', '))
}
if (-not (Test-Path -LiteralPath $kept)) {
    $before = [pscustomobject]@{ Interface = $Interface; IPv6 = [bool] $v6[0].Enabled }
    if ($PSCmdlet.ShouldProcess($kept, 'keep what is set now')) {
        New-Item -ItemType Directory -Path $folder -Force | Out-Null
        $before | Export-Clixml -LiteralPath $kept
    }
}
if ($PSCmdlet.ShouldProcess($Interface, 'IPv6 off')) {
    $v6 | Disable-NetAdapterBinding
}
if ($PSCmdlet.ShouldProcess(($namespaces -join ', '), 'names of the claims network to its resolvers')) {
    Get-DnsClientNrptRule | Where-Object { $_.Comment -eq $mark } | Remove-DnsClientNrptRule -Force
    Add-DnsClientNrptRule -Namespace $namespaces -NameServers $resolvers -Comment $mark
    Clear-DnsClientCache
}
