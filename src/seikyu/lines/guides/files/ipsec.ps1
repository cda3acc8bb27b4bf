#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Adds the claims line by IPsec+IKE (IKEv2, certificate of this machine) to the connections of Windows.
.DESCRIPTION
All traffic goes into the tunnel while it is up (no split tunnel): the Internet stops by design. The gateway's name is
written into the hosts file, so that the line can be built while the machine is closed. With -WhatIf it tells what it
would do and changes nothing. Nothing secret is read or kept: the certificate is imported by hand.
#>
[CmdletBinding(SupportsShouldProcess)]
param()
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$name = 'claims'
$mark = 'seikyu-claims'
$gateway = @@gateway@@
$addresses = @(@@gateway_addresses@@)
$hosts = Join-Path $env:SystemRoot 'System32\drivers\etc\hosts'

if ($PSCmdlet.ShouldProcess($hosts, 'write the address of ' + $gateway)) {
    $lines = @(Get-Content -LiteralPath $hosts -Encoding Default | Where-Object { $_ -notlike "*# $mark" })
    foreach ($address in $addresses) {
        $lines += ('{0} {1} # {2}' -f $address, $gateway, $mark)
    }
    Set-Content -LiteralPath $hosts -Value $lines -Encoding Default
    Clear-DnsClientCache
}
if ($PSCmdlet.ShouldProcess($name, 'add the connection')) {
    Get-VpnConnection -AllUserConnection | Where-Object { $_.Name -eq $name } | Remove-VpnConnection -AllUserConnection -Force
    Add-VpnConnection -Name $name -ServerAddress $gateway -TunnelType Ikev2 -AuthenticationMethod MachineCertificate -MachineCertificateEKUFilter '1.3.6.1.5.5.7.3.2' -EncryptionLevel Required -AllUserConnection
    Set-VpnConnection -Name $name -SplitTunneling $false -AllUserConnection
    Set-VpnConnectionIPsecConfiguration -ConnectionName $name -AuthenticationTransformConstants GCMAES256 -CipherTransformConstants GCMAES256 -EncryptionMethod GCMAES256 -IntegrityCheckMethod SHA384 -DHGroup ECP384 -PfsGroup ECP384 -AllUserConnection -Force
}
